"""`python -m lampyris.cli`, for an environment whose `bin` is not on the path."""

import sys

from . import main

sys.exit(main())
