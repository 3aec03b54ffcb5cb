"""Every event type, a module per word: its sentence, its example, and whether CRMs may receive it."""
