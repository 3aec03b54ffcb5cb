"""Any HTTP API that takes JSON: method, address, headers and a body with placeholders."""
