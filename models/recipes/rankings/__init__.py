"""How the small fitted weights of retrieval/ were made."""
