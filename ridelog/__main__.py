"""`python -m ridelog` is the command line."""

from ridelog.cli import main

if __name__ == "__main__":
    main()
