"""The head's pages: the day, reaction times, and every figure with its tickets."""
