import os, sys
open("made.txt", "w").write(os.environ["GREETING"])
print(len(sys.argv) - 1, os.getcwd(), sys.argv[-1])
