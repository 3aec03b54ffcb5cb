"""Looking: what each side's token shows of what is wanted."""
