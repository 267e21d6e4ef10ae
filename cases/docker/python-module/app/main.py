import os, sys
print("hello from", os.getcwd(), "Python", sys.version_info.major)
