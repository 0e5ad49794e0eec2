"""Everything that people see in Slack as words, blocks, windows and pictures. Pure: values in, values out."""
