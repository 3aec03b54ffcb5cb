"""Own platforms: manual platforms that an agency defines itself, with versions, as presets have."""
