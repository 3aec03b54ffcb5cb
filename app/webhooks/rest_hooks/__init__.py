"""REST hooks: how automation tools such as Zapier subscribe, unsubscribe and see a sample."""
