"""The routes of an application: where they are declared, how they are put together, what stands before them."""
