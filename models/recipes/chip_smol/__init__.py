"""The recipe of chip-smol: SmolLM2-135M-Instruct tuned to answer from numbered passages. Nothing here ships."""
