# SPDX-License-Identifier: MIT
# Package exitledger-guest.
install(TARGETS exitledger-guest DESTINATION usr/bin COMPONENT guest)
install(FILES ${made}/man/exitledger-guest.1.gz DESTINATION usr/share/man/man1 COMPONENT guest)
install(FILES ${made}/bash/exitledger-guest DESTINATION usr/share/bash-completion/completions COMPONENT guest)
install(FILES ${made}/zsh/exitledger-guest DESTINATION usr/share/zsh/vendor-completions RENAME _exitledger-guest COMPONENT guest)
package_documents(exitledger-guest guest)
