"""Companies and contacts in HubSpot, kept up to date with what their links come to."""
