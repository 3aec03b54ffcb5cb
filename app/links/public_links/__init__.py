"""Public links: one public address for anybody, of which each use makes a client and a link of its own."""
