'use strict';

const { api } = require('./authentication');

const perform = async (z, bundle) => {
  const { client_name, client_external_id, contact_name, contact_email, preset, external_id } = bundle.inputData;
  const client = { name: client_name };
  if (client_external_id) client.external_id = client_external_id;
  if (contact_name) client.contact_name = contact_name;
  if (contact_email) client.contact_email = contact_email;
  const body = { client };
  if (preset) body.preset = preset;
  if (external_id) body.external_id = external_id;
  return (await z.request({ method: 'POST', url: api(bundle, '/links'), body })).data;
};

module.exports = {
  create_link: {
    key: 'create_link',
    noun: 'Link',
    display: { label: 'Create Link', description: 'Makes a link for a client; a known external id gives the one there is.' },
    operation: {
      perform,
      inputFields: [
        { key: 'client_name', label: 'Client', required: true },
        { key: 'client_external_id', label: "Client's id in your CRM" },
        { key: 'contact_name', label: 'Contact' },
        { key: 'contact_email', label: "Contact's e-mail" },
        { key: 'preset', label: 'Preset', helpText: 'What is asked for; `run-campaigns` unless given.' },
        { key: 'external_id', label: "Link's id in your CRM", helpText: 'Makes repeating harmless.' },
      ],
      sample: { id: 'link_01ksy1q3e0fzs8qj5m8g3d4w7s', address: 'https://go.agency.com/agency/brand-sa/…' },
    },
  },
};
