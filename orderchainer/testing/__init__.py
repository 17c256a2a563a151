"""Code that the tests of all apps share. The service imports nothing from here."""
