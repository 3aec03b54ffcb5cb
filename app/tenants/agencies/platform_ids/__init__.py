"""Who the agency is at manual platforms: the ids that its clients copy there."""
