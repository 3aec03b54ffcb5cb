"""Every event type, one module per subject: sentence, example, and visibility to CRMs."""
