"""Cost of deliveries: beside the bare client, under load, with one who hangs, with five million behind them."""
