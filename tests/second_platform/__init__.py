"""A second platform that does not exist: Plaza, for which a whole link works beside TikTok."""
