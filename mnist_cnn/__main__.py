import sys

from mnist_cnn.cli.main import main

sys.exit(main())
