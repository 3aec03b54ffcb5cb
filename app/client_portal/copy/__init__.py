"""What clients are told: the offer, the agreement, how each access request stands, and the steps to do or undo it."""
