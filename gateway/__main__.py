"""`credit-gateway` and `python -m gateway`: the command line, and nothing else."""

from gateway.cli import main

if __name__ == "__main__":
    main()
