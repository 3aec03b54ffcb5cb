"""What clients are told: the offer, the agreement, how each ask stands, and the steps to do or undo it."""
