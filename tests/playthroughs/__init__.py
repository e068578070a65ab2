"""Sessions with the command lines and the library, as text that is compared and reviewed."""
