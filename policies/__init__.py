"""Who may see what, and why: catalogue, rules, decisions and masks. Pure: no network, no clock, no disk."""
