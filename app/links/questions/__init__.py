"""The questions a preset asks of its own, their answers, and the files given with them."""
