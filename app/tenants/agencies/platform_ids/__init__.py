"""Who the agency is at written platforms: the ids that its clients copy there."""
