"""From feedback to a better adapter: curate, train, export, evaluate, register, promote, schedule."""
