"""The engine: one thread that owns llama.cpp and decodes all live conversations together, or a server that does."""
