"""What all pages share: how they are drawn, in which language, for whom, and what guards them."""
