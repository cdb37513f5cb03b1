"""The face to people and mail servers: a read of the register or one message to a workflow."""
