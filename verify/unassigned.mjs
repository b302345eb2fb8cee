// What Unicode 14.0 does not assign (protocol.md 2.4, rule 10), made by build.py from docs/unassigned.json.
// How many code points are assigned, how many more than one are not, and so on; numbers in base 26, the last digit small.
const PACKED =
    "BIebgdhabauaPhaBmbBybdaCdhBbdgkKkaCibDxnChbBxbpaBcbbaleBfacfJcaibcbwahabcebjbcbehbdcafbzbdagdcbwahacacacbbafdcbdcbgeabgr"
  + "jdajadawahacafbkadadbboebmghadaibcbwahacafbjbcbdgddcafbsjcagcdaeccabaccccdcmdfcdaebbfbnvenadaxaqbjadaegcadbbbebkgwadaxak"
  + "afbjadaegcfcaebkacmnadaBzadagdqbBaadascyajabbhcbdgabaifkbdlCgdBdBkcabafayabaxbfabagbkbeBfCuaBkdBnaBkapanBkHqabebbOnaebha"
  + "baebBpaebBhaebhabaebpaCfaebCpbBgcBafDibgbZtcDlgwiyiulnadaclDqbkfkfBafDlgBreCsjBfamdmdbcBqbfkBsdBaflcCkbCnaBdblfkfobBfBwC"
  + "zcBvaEmhCicpcCigBrblhBreUobgbBmbgbiabababaBfbCbapaobgatbdajaDxambBbancBhoBhoFkdZnyluCRsbBgaNleBtabebbCegcnyihahahahahaha"
  + "hahaEwBhBaaDllIgzmdCmaDibDzeBraDqaDglBvaBRIrcCdiNktHchHvecabafxChckfCehCshmfEmkBecDaaldBhaCdiobkbDzxBcjgbgbgihahaCidEwbk"
  + "fQNslxdBxdNBabEcBlhlfeBaafabacacaEvpRdbCcgbBfBqfBzataedfaFfbbaHicgbgbgbdchahjfbmaBaatacapboBhEteddBtcDkancbBuBuEzBdcBxoB"
  + "cdBkiBeeBreBeaBldoBpGcbkfBkdBkdBohCakmapahacalapahacCoLziwjixgaBqajCqgbbaBsaccbbxaCuhjBvtaceBhcBbebClCedubByaceiadaBdbdd"
  + "kgjgCmBfBndmiCccBdbBbeBagelhDbCvCcBzmBzgBuhkLhBfaBqadbcCzBohBqvBaBlBctxiDadBkiCqjbbzgkfCbashBniDsauksaBsCmhabaeapalfChek"
  + "feaibcbwahacafakbcbdbbfbehbhcfFiDoafBdCuhkGjCcbBmBhCrkkfnsCgfkCbBbbpdxHcCiDvDflibbbiacaBeacbmikCribBublBaCuhDfmCvKcjaBta"
  + "ojBdcBgbwaoCuhacaBscbacajhkfgacaBlacaggkLxzHaboBymBJnDxEhafkHoDXjDvmBPfajFZiWlMUaVxgBfakdDdakfBebgjCsjkahavetBAlDnDwCxdC"
  + "fgrClfkcnJCahBVqBpjNFqeahacaLfBsdqehPgDKtEdencjgkbiGYtBubxiEmChJmjBnbHmuCsFxulDjizFeDhaCtacbbbcbeamabahaCnaebiahaBcaeafa"
  + "bchaNcbLgbBBaofapBQlBfIqharbhacafIeBtcobkdcMhBfqCgebBVzhaeacapaHpbqBoCydkdcBEeCqCxCjHleaBbacabbbakaeababfbdbababadacabbb"
  + "ababababacabbeahaeaeabakaredafarBzcKjBsdDwlpbpapaBljGsCdBdmBsdjgcngFxBLweqcncEmlDlgmdbomdCehkfBohBebcCzNclobfcfchiBdcleg"
  + "jkfihhiFraCdBkkBNpCLFcBfGDtgIobINqnLBlEPiUwCFxHHzBOTCvbBdDsExJgDSFnDSYobDSYob";
let at = -1;
const sign = (n) => `\\u{${n.toString(16)}}`;
const numbers = PACKED.match(/[A-Z]*[a-z]/g).map((digits) => Array.from(digits.toUpperCase()).reduce((n, d) => n * 26 + d.charCodeAt(0) - 65, 0));
const ranges = numbers.map((n, i) => (i % 2 ? "-" : "") + sign(at += i % 2 ? n : n + 1));
export const UNASSIGNED = new RegExp(`[${ranges.join("")}]`, "u");
