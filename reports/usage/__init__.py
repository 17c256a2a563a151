"""How much the API is used: counted in each process, kept by day, shown to those who run it."""
