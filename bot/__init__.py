"""The way in and out: Slack listeners, the llama.cpp engine, the local workspace, the command line, the wiring."""
