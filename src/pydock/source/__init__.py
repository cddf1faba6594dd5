"""Python source as data: syntax trees, and the programs and libraries that the code asks for."""
