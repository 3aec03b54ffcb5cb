'use strict';

const { api } = require('./authentication');
const samples = require('./samples.json');

// The version of all bodies, those of the samples: what is subscribed and what is listed have the same keys.
const { api_version } = samples['access.verified'];

// One subscription for each Zap: Keyturn sends to its target URL until that answers 410 or the Zap is switched off.
const subscribe = (types) => async (z, bundle) => {
  const body = { target_url: bundle.targetUrl, event_types: types || bundle.inputData.event_types, api_version };
  return (await z.request({ method: 'POST', url: api(bundle, '/hooks'), body })).data;
};

const unsubscribe = async (z, bundle) => {
  await z.request({
    method: 'DELETE',
    url: api(bundle, `/hooks/${encodeURIComponent(bundle.subscribeData.id)}`),
    skipThrowForStatus: true,
  });
  return {};
};

// The newest ones, of the same shape as what is sent.
const list = (types) => async (z, bundle) => {
  const wanted = types || bundle.inputData.event_types || ['*'];
  const params = { limit: 3, types: wanted.join(','), api_version };
  const answer = await z.request({ url: api(bundle, '/events'), params });
  return answer.data.data;
};

const receive = (z, bundle) => [bundle.cleanedRequest];

const trigger = (key, label, description, types, inputFields = []) => ({
  key,
  noun: 'Event',
  display: { label, description },
  operation: {
    type: 'hook',
    inputFields,
    performSubscribe: subscribe(types),
    performUnsubscribe: unsubscribe,
    perform: receive,
    performList: list(types),
    sample: samples[types ? types[0] : 'access.verified'],
  },
});

const EVENT_TYPES = {
  key: 'event_types',
  label: 'Event types',
  list: true,
  required: true,
  helpText: 'Names such as `access.verified`, `access.*` for all of a word, or `*` for everything.',
};

module.exports = Object.fromEntries(
  [
    trigger('link_opened', 'Link Opened', 'Triggers when a client starts on a link.', ['link.opened']),
    trigger('link_completed', 'Link Completed', 'Triggers when all required access is verified.', ['link.completed']),
    trigger('access_blocked', 'Access Blocked', 'Triggers when something is in the way of an access.', ['access.blocked']),
    trigger('any_event', 'Any Event', 'Triggers on the event types you choose.', null, [EVENT_TYPES]),
  ].map((each) => [each.key, each]),
);
