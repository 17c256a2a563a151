"""Code that every app may import. It has no tables and knows no app."""
