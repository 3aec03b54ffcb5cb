"""The command line: the operator's commands on this machine, and a client of the API made from its OpenAPI document."""
