"""How pages write dates in English."""
