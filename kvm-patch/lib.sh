# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by build, build-selftest and check.  Sourced, with set -euo pipefail.

say() { printf '%s\n' "kvm-patch: $*" >&2; }

# die WHAT [WHAT_WOULD_BE_RIGHT]
die() {
	printf '%s\n' "kvm-patch: $1${2:+: $2}" >&2
	exit 1
}

usage_error() {
	printf '%s\n' "kvm-patch: $1 (see --help)" >&2
	exit 2
}

# read_lines ARRAY COMMAND [ARG...]: the lines that COMMAND prints.  If it dies so
# does the caller, which would not even notice with "mapfile < <(COMMAND)".
read_lines() {
	local -n lines_read=$1
	local text
	shift
	text=$("$@") || exit
	lines_read=()
	[ -z "$text" ] || mapfile -t lines_read <<< "$text"
}

# need_tools TOOL:PACKAGE...
need_tools() {
	local t
	for t; do
		command -v "${t%%:*}" > /dev/null || die "${t%%:*} is not installed" "apt-get install ${t#*:}"
	done
}

# --- versions ----------------------------------------------------------------

headers_release() {
	local f=$1/include/generated/utsrelease.h r
	r=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$f" 2> /dev/null) || true
	[ -n "$r" ] || die "cannot tell the kernel release of $1" "$f should say UTS_RELEASE"
	printf '%s\n' "$r"
}

# The upstream version, e.g. 6.1.192
headers_version() {
	local f=$1/include/generated/uapi/linux/version.h v
	v=$(awk '$2 ~ /^LINUX_VERSION_(MAJOR|PATCHLEVEL|SUBLEVEL)$/ { n = n (n ? "." : "") $3 } END { print n }' "$f" 2> /dev/null) || true
	[[ $v =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
		die "cannot tell the kernel version of $1" "$f should say LINUX_VERSION_MAJOR"
	printf '%s\n' "$v"
}

# What Kbuild compiles modules with: a headers package names it, and it need not be called gcc
headers_compiler() {
	local cc=gcc
	[ ! -f "$1/.kernelvariables" ] ||
		cc=$(make -s -f - <<< "include $1/.kernelvariables"$'\nshow:\n\t@echo $(lastword $(CC))') ||
		die "cannot tell the compiler of $1" "$1/.kernelvariables should set CC"
	printf '%s\n' "$cc"
}

# The name of the directory that a source tarball holds
tarball_top() {
	local top
	top=$(tar -tf "$1" 2> /dev/null | head -n 1) || true
	[ -n "$top" ] || die "$1 is no tarball of kernel source"
	printf '%s\n' "${top%%/*}"
}

source_version() {
	local v m
	if [ -d "$1" ]; then
		m=$(head -n 5 "$1/Makefile" 2> /dev/null) || true
	else
		# The top Makefile comes near the end of Debian's tarball: look
		# at the package's version first, which costs nothing.
		v=$(package_version "$1")
		v=${v%%-*}
		if [[ $v =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
			printf '%s\n' "$v"
			return
		fi
		m=$(tar -xOf "$1" --occurrence=1 "$(tarball_top "$1")/Makefile" 2> /dev/null | head -n 5) || true
	fi
	v=$(awk '$1 ~ /^(VERSION|PATCHLEVEL|SUBLEVEL)$/ { n = n (n ? "." : "") $3 } END { print n }' <<< "$m")
	[[ $v =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
		die "cannot tell the kernel version of $1" "it should hold a kernel's top Makefile"
	printf '%s\n' "$v"
}

# The Debian version of the package that FILE came with, or nothing
package_version() {
	local p
	command -v dpkg-query > /dev/null || return 0
	p=$(dpkg-query -S "$1" 2> /dev/null | head -n 1) || return 0
	# shellcheck disable=SC2016 # dpkg-query's own format
	dpkg-query -W -f '${source:Version}' "${p%%: *}" 2> /dev/null || true
}

# A stable release can be packaged twice with different patches.
check_package_versions() {
	local h s
	h=$(package_version "$1/Makefile")
	s=$(package_version "$2")
	if [ -z "$h" ] || [ -z "$s" ]; then
		say "package revisions not compared: source or headers are of no package"
	elif [ "$h" != "$s" ]; then
		die "source package is $s ($2), headers package is $h ($1)" "install both in one version"
	fi
	printf '%s\n' "${h:-$s}"
}

# --- series ------------------------------------------------------------------

series_lines() {
	local d
	for d in "$1"/*/series; do
		d=${d%/series}
		printf '%s ' "${d##*/}"
	done
}

# series_patches DIR: full names, in order
series_patches() {
	local p
	while read -r p; do
		case $p in ''|'#'*) continue ;; esac
		[ -f "$1/$p" ] || die "$1/series names $p, which does not exist"
		printf '%s\n' "$1/$p"
	done < "$1/series"
}

# patched_files SKIP PATCH...: files that the patches change, that no patch of the
# list made and whose names do not match SKIP
patched_files() {
	local skip=$1
	shift
	awk -v skip="$skip" '
	/^--- / { from = $2 }
	/^\+\+\+ / {
		sub(/^[^\/]*\//, "", $2)
		if (from == "/dev/null") made[$2] = 1
		else if ($2 != "/dev/null" && $2 !~ skip && !made[$2] && !seen[$2]++) print $2
	}' "$@"
}

# unpack_members SOURCE DIR MEMBER...
unpack_members() {
	local source=$1 dir=$2 top
	shift 2
	if [ -d "$source" ]; then
		tar -C "$source" -cf - -- "$@" | tar -C "$dir" -xf - ||
			die "cannot copy the source from $source"
		return
	fi
	top=$(tarball_top "$source")
	tar -xf "$source" -C "$dir" --strip-components=1 -- "${@/#/$top/}" ||
		die "cannot unpack $source" "is it the kernel source, complete?"
}

# unpack_kvm SOURCE TREE PATCH...: KVM, and what else the patches change
unpack_kvm() {
	local source=$1 tree=$2 outside
	shift 2
	read_lines outside patched_files '^(arch/x86|virt)/kvm/' "$@"
	unpack_members "$source" "$tree" arch/x86/kvm virt/kvm "${outside[@]}"
}

# apply_patches TREE PATCH...
apply_patches() {
	local tree=$1 p output
	shift
	for p; do
		# No fuzz: a patch that only nearly fits is a patch to look at.
		if ! output=$(patch -d "$tree" -p1 --force --fuzz=0 --no-backup-if-mismatch -i "$p" 2>&1); then
			die "$(basename "$p") does not apply" "$(awk '
				/^(patching|checking) file/ { file = $3 }
				/^can.t find file to patch/ { missing = 1 }
				/^\|--- / && missing { sub(/^a\//, "", $2); print $2 " is not in the source"; exit }
				/^Hunk #[0-9]+ FAILED/ { sub(/\.$/, ""); print file ", " $0; exit }
				/^patch: \*\*\*\*/ { print; exit }' <<< "$output")"
		fi
	done
}

# --- compiling ---------------------------------------------------------------

# Take KVM's own makefile as it is, with a srctree that is ours: it includes
# virt/kvm from there.  Patched headers have to win over the headers package.
# <trace/define_trace.h> finds trace.h relative to an include/trace directory.
write_kbuild() {
	mkdir -p "$1"/include/{trace,uapi} "$1/arch/x86/include/uapi"
	cat > "$1/arch/x86/kvm/Kbuild" <<-KBUILD
		LINUXINCLUDE := -I$1/arch/x86/include -I$1/arch/x86/include/uapi \\
			-I$1/include -I$1/include/uapi \$(LINUXINCLUDE)
		ccflags-y += -I$1/include/trace
		kernel-srctree := \$(srctree)
		srctree := $1
		include $1/arch/x86/kvm/Makefile
		srctree := \$(kernel-srctree)
	KBUILD
}

# compile_modules HEADERS TREE JOBS [MAKE_ARG...]
compile_modules() {
	local headers=$1 tree=$2 jobs=$3
	shift 3
	make -C "$headers" M="$tree/arch/x86/kvm" -j"$jobs" "$@" modules
}

# --- BTF ---------------------------------------------------------------------

# No grep -q, which ends before readelf does: that would be readelf's failure.
has_btf() { readelf -SW "$1" 2> /dev/null | grep ' \.BTF ' > /dev/null; }

# find_btf_base VMLINUZ RELEASE OUT: put what pahole takes as --btf_base at OUT
find_btf_base() {
	local vmlinuz=$1 release=$2 out=$3
	if [ -z "$vmlinuz" ]; then
		vmlinuz=/boot/vmlinuz-$release
		if [ ! -f "$vmlinuz" ] && [ "$(uname -r)" = "$release" ] && [ -r /sys/kernel/btf/vmlinux ]; then
			cp /sys/kernel/btf/vmlinux "$out"
			return
		fi
	fi
	[ -f "$vmlinuz" ] || die "no kernel image at $vmlinuz" "give --vmlinuz the vmlinuz of $release"
	grep -qaF "$release" "$vmlinuz" ||
		die "$vmlinuz is not the image of $release" "give --vmlinuz the vmlinuz of $release"
	extract_vmlinux "$vmlinuz" "$out"
	has_btf "$out" || die "the kernel in $vmlinuz has no BTF" "it needs CONFIG_DEBUG_INFO_BTF"
}

# The magic of each compression that a bzImage may use, and what undoes it.
# What follows the compressed kernel makes every one of them end in an error.
extract_vmlinux() {
	local name magic tool package offset
	while read -r name magic tool package; do
		while IFS=: read -r offset _; do
			command -v "${tool%%_*}" > /dev/null ||
				die "${tool%%_*} is not installed, and $1 is compressed with $name" "apt-get install $package"
			tail -c +"$((offset + 1))" "$1" | ${tool//_/ } > "$2" 2> /dev/null || true
			if [ "$(head -c 4 "$2" | od -An -tx1 | tr -d ' \n')" = 7f454c46 ]; then
				return
			fi
		done < <(LC_ALL=C grep -aobP "$magic" "$1" | cut -d: -f1)
	done <<-'END'
		lz4	\x02\x21\x4c\x18	lz4_-dc	lz4
		gzip	\x1f\x8b\x08	gzip_-dc	gzip
		xz	\xfd7zXZ\x00	xz_-dc	xz-utils
		zstd	\x28\xb5\x2f\xfd	zstd_-dc	zstd
	END
	die "found no kernel in $1" "is it a bzImage?"
}

headers_pahole_flags() {
	local f=$1/scripts/pahole-flags.sh
	[ -f "$f" ] || return 0
	(cd "$1" && PAHOLE=pahole sh "$f")
}

# --- symbol versions ---------------------------------------------------------

# The CRCs that a module was built for, as "crc symbol"
module_crcs() { modprobe --dump-modversions "$1" | awk '{ print $1, $2 }'; }

# symbol_crc SYMBOL SYMVERS: its CRC, or nothing
symbol_crc() { awk -v symbol="$1" '$2 == symbol { print tolower($1) }' "$2"; }

# check_imports DIR KERNEL_SYMVERS OWN_SYMVERS: every import has to be on offer
check_imports() {
	local m crcs bad
	for m in kvm kvm-intel kvm-amd; do
		crcs=$(module_crcs "$1/$m.ko") || die "cannot read the symbol versions of $1/$m.ko"
		bad=$(awk '
			FILENAME != "-" { crc[$2] = tolower($1); next }
			!($2 in crc) { print $2 ", which neither the kernel nor kvm.ko exports"; exit }
			crc[$2] != $1 { print "another version of " $2 " than there is"; exit }' "$2" "$3" - <<< "$crcs")
		[ -z "$bad" ] || die "$m.ko wants $bad"
	done
}

# check_vendor_barrier KERNEL_SYMVERS OWN_SYMVERS: kvm.ko has to refuse the kernel's
# own vendor modules.  They embed struct kvm_vcpu, which has grown without a change of
# the symbol versions: loaded, they would let KVM write behind its end.
check_vendor_barrier() {
	local s=kvm_x86_vendor_init kernel own
	kernel=$(symbol_crc $s "$1")
	own=$(symbol_crc $s "$2")
	[ -n "$kernel" ] && [ -n "$own" ] || die "no version of $s to compare in $1 or $2"
	[ "$kernel" != "$own" ] ||
		die "$s has the version that the kernel's own kvm-intel.ko asks for" \
		    "a field of struct kvm_x86_init_ops has to change it"
}

# Modules below DIR that import from kvm.ko, other than KVM's own
# A slash after DIR, which may be a symbolic link.
kvm_users() {
	[ -d "$1" ] || return 0
	{
		# grep's status tells nothing here: most modules have no match.
		find "$1/" -name '*.ko' -print0 | { xargs -0r grep -lazE '^depends=(.*,)?kvm(,.*)?$' || true; }
		find "$1/" -name '*.ko.*' -print | while read -r m; do
			# What cannot be read is listed, and then reported as such.
			depends=$(modinfo -F depends "$m" 2> /dev/null) || depends=kvm
			[[ ,$depends, != *,kvm,* ]] || printf '%s\n' "$m"
		done
	} | { grep -vE '/kvm(-intel|-amd)?\.ko' || true; }
}

# misfit MODULE OWN_SYMVERS: print why the module will not load beside our kvm.ko,
# or nothing if it will
misfit() {
	local crcs
	crcs=$(module_crcs "$1" 2> /dev/null) || {
		printf '%s\n' "its symbol versions cannot be read"
		return
	}
	awk '
		FILENAME != "-" { crc[$2] = tolower($1); next }
		$2 in crc && crc[$2] != $1 { print "it was built for another " $2; exit }' "$2" - <<< "$crcs"
}

# --- manifest ----------------------------------------------------------------

json_string() {
	local s=${1//\\/\\\\}
	printf '"%s"' "${s//\"/\\\"}"
}

sha256() { sha256sum < "$1" | cut -d' ' -f1; }

# json_files NAME FILE...: "NAME": [{"name": …, "sha256": …}, …]
json_files() {
	local f sep=''
	printf '  "%s": [' "$1"
	shift
	for f; do
		printf '%s\n    {"name": %s, "sha256": "%s"}' "$sep" "$(json_string "$(basename "$f")")" "$(sha256 "$f")"
		sep=,
	done
	printf ']'
}

# write_manifest DIR: build.json for the modules in DIR; the other variables are
# those of build.
# shellcheck disable=SC2154
write_manifest() {
	local m sep='' n=$((${#patches[@]} - ${#extra[@]}))
	printf '{\n'
	printf '  "release": %s,\n' "$(json_string "$release")"
	printf '  "source_version": %s,\n' "$(json_string "$source_version")"
	printf '  "package_version": %s,\n' "$(json_string "$package_version")"
	printf '  "line": %s,\n' "$(json_string "$line")"
	json_files series "${patches[@]:0:n}"
	printf ',\n'
	json_files extra_patches "${patches[@]:n}"
	printf ',\n'
	json_files modules "$1/kvm.ko" "$1/kvm-intel.ko" "$1/kvm-amd.ko"
	printf ',\n  "will_not_load": ['
	for m in "${stale[@]}"; do
		printf '%s%s' "$sep" "$(json_string "$m")"
		sep=', '
	done
	printf ']\n}\n'
}

# The first line of a build log that says what went wrong
log_cause() {
	grep -m 1 -E 'error:|ERROR:|No rule to make|No such file' "$1" || tail -n 1 "$1"
}

# die_of_log LOG WHAT: with the end of the log, and its line that says why
die_of_log() {
	tail -n 30 "$1" >&2
	die "$2" "$(log_cause "$1")"
}

# drop_work STATUS DIR LOG: what is left of a temporary directory after success is
# nothing, after a failure the log
drop_work() {
	if [ "$1" -eq 0 ] || [ ! -s "$3" ]; then
		rm -rf "$2"
	else
		find "$2" -mindepth 1 -maxdepth 1 ! -path "$3" -exec rm -rf {} +
	fi
}

# --- selftest ----------------------------------------------------------------

# The files beside the selftests' directories that their makefiles include
selftest_files() {
	local d=tools/testing/selftests
	printf '%s\n' $d/lib.mk $d/kselftest.h $d/kselftest_harness.h $d/gen_kselftest_tar.sh \
		$d/kselftest_deps.sh $d/Makefile
}
