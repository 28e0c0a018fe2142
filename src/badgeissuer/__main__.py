"""``python -m badgeissuer`` is the ``badgeissuer`` command."""

from badgeissuer.cli.main import main

if __name__ == "__main__":
    main()
