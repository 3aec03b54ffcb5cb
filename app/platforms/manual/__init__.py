"""Manual platforms, described as data: the access that can be requested, and the steps to give and remove it."""
