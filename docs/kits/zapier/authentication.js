'use strict';

// The address of the installation and an API key with the scopes links:write, events:read and webhooks:write.

const api = (bundle, path) => `${bundle.authData.address.replace(/\/+$/, '')}/api/v1${path}`;

const addKey = (request, z, bundle) => {
  if (bundle.authData && bundle.authData.key) {
    request.headers = { ...request.headers, Authorization: `Bearer ${bundle.authData.key}` };
  }
  return request;
};

module.exports = {
  api,
  addKey,
  authentication: {
    type: 'custom',
    fields: [
      { key: 'address', label: 'Address', required: true, helpText: 'Where your Keyturn is, e.g. https://go.agency.com' },
      { key: 'key', label: 'API key', required: true, type: 'password', helpText: 'Made with `keyturn key create`.' },
    ],
    test: async (z, bundle) => (await z.request({ url: api(bundle, '/me') })).data,
    connectionLabel: '{{agency_name}} ({{key_name}})',
  },
};
