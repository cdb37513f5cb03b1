"""The cabinet: what clients see, with an account, with a link from a letter, or with neither."""
