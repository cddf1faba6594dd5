"""How both stages are written: pieces of a plan, in the words of the file itself."""
