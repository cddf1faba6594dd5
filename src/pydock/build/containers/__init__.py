"""What containers of the final stage run: the commands, the scripts behind them, and what each process needs."""
