'use strict';

const { api } = require('./authentication');

// One subscription for each Zap: Keyturn sends to its target URL until that answers 410 or the Zap is switched off.
const subscribe = (types) => async (z, bundle) => {
  const body = { target_url: bundle.targetUrl, event_types: types || bundle.inputData.event_types };
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
  const params = { limit: 3, types: wanted.join(',') };
  const answer = await z.request({ url: api(bundle, '/events'), params });
  return answer.data.data;
};

const receive = (z, bundle) => [bundle.cleanedRequest];

const sample = (type) => ({
  id: 'evt_01ksy1q3e0fzs8qj5m8g3d4w7y',
  type,
  timestamp: '2026-12-04T13:32:10.123Z',
  api_version: '2026-12-01',
  sequence: 17,
  actor_kind: "system",
  actor_id: "worker",
  test: true,
  agency_id: 'agency_01ksy1q3e0fzs8qj5m8g3d4w7r',
  subject: { type: 'link', id: 'link_01ksy1q3e0fzs8qj5m8g3d4w7s' },
  data: {
    link_id: 'link_01ksy1q3e0fzs8qj5m8g3d4w7s',
    client_id: 'client_01ksy1q3e0fzs8qj5m8g3d4w7t',
    client_name: 'Brand SA',
    external_id: 'hubspot:1234',
    link_status: 'in_progress',
    status: null,
    blocker_code: null,
    next_actor: null,
  },
});

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
    sample: sample(types ? types[0] : 'access.verified'),
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
