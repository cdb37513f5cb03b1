"""How the service is set up and run: the command line and the local world."""
