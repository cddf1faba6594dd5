"""Django: its settings as far as they are written out, and its URLs."""
