# A machine apart, in namespaces of its own: `machine.sh DIR NAME MEGABYTES` makes a disk of that size, reads commands from its
# standard input, and takes everything away when that ends, however whoever wrote to it has ended.
dir=$1 name=$2 size=$3
trap '' INT TERM HUP
truncate -s "${size}M" "$dir/image" && mkfs.ext4 -q "$dir/image" && mkdir "$dir/disk" && mount -o loop "$dir/image" "$dir/disk"
# With the first process of the inner namespace everything in it ends; with the last its mounts go.
unshare --mount --net --pid --fork --kill-child sh -c '
  mount -t proc proc /proc && ip link set lo up && exec docker-init -- sh -s "$@"' sh "$dir" "$name"
umount "$dir/disk"
find /sys/fs/cgroup -depth -type d -path "*/$name*" -exec rmdir {} + 2>/dev/null
rm -rf "$dir"
