// Made by verify/build.py from verify/ownerkey.mjs and what it needs; noble-ed25519 is MIT, see vendor/.
"use strict";
const $noble=(()=>{
const freeze=Object.freeze;
const P=0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn;
const N=0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn;
const _d=0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
const Gx=0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an;
const Gy=0x6666666666666666666666666666666666666666666666666666666666666658n;
const _a=P - 1n;
const ed25519_CURVE=freeze({
p:P,
n:N,
h:8n,
a:_a,
d:_d,
Gx,
Gy,
});
const LEN=32;
const isBytes=(a)=>{
return(a instanceof Uint8Array||
(ArrayBuffer.isView(a)&&
a.constructor.name==='Uint8Array'&&
a.BYTES_PER_ELEMENT===1));
};
const abytes=(value,length,title='')=>{
if(isBytes(value)&&(length===undefined||value.length===length))
return value;
const bytes=isBytes(value);
const ofLen=length !==undefined?` of length ${length}`:'';
const got=bytes?`length=${value.length}`:`type=${typeof value}`;
const message=(title?`"${title}" `:'')+ 'expected Uint8Array' + ofLen + ', got ' + got;
if(!bytes)
throw new TypeError(message);
throw new RangeError(message);
};
const snapshotBytes=(value,title='',length)=>Uint8Array.from(abytes(value,length,title));
const padh=(n,pad)=>n.toString(16).padStart(pad,'0');
const bytesToHex=(bytes)=>{
let hex='';
for(const byte of abytes(bytes))
hex +=padh(byte,2);
return hex;
};
const hexToBytes=(hex)=>{
const e='hex invalid';
if(typeof hex !=='string')
throw new TypeError(e);
if(hex.length % 2||!/^[\da-f]*$/i.test(hex))
throw new RangeError(e);
const array=new Uint8Array(hex.length / 2);
for(let ai=0,hi=0;ai<array.length;ai++,hi +=2){
const n1=hex.charCodeAt(hi);
const n2=hex.charCodeAt(hi + 1);
array[ai]=((n1&15)+(n1>>6)*9)*16 +(n2&15)+(n2>>6)*9;
}
return array;
};
const concatBytes=(...arrays)=>{
let sum=0;
for(const a of arrays)
sum +=abytes(a).length;
const res=new Uint8Array(sum);
let pad=0;
for(const a of arrays){
res.set(a,pad);
pad +=a.length;
}
return res;
};
const randomBytes=(len=LEN)=>{
const c=globalThis?.crypto;
if(typeof c?.getRandomValues !=='function')
throw new Error('crypto.getRandomValues must be defined, consider polyfill');
return c.getRandomValues(new Uint8Array(len));
};
const arange=(n,min,max,msg='bad number: out of range')=>{
if(typeof n !=='bigint')
throw new TypeError(msg);
if(min<=n&&n<max)
return n;
throw new RangeError(msg);
};
const mod=(a,b=P)=>((a %=b)>=0n?a:b + a);
const P_MASK=(1n<<255n)- 1n;
const modP=(num)=>{
if(num<0n)
throw new RangeError('negative coordinate');
let r=(num>>255n)*19n +(num&P_MASK);
r=(r>>255n)*19n +(r&P_MASK);
return r % P;
};
const modN=(a)=>mod(a,N);
const invert=(number,modulo)=>{
if(number===0n)
throw new Error('invert: expected non-zero number');
if(modulo<=1n)
throw new Error('invert: expected modulus > 1, got ' + modulo);
let a=mod(number,modulo);
let b=modulo;
let x=0n,u=1n;
while(a !==0n){
const q=b / a;
const r=b - a*q;
const m=x - u*q;
b=a,a=r,x=u,u=m;
}
const gcd=b;
if(gcd !==1n)
throw new Error('invert: does not exist');
return mod(x,modulo);
};
const _hash=(name)=>{
const fn=hashes[name];
if(typeof fn !=='function')
throw new Error('hashes.' + name + ' not set');
return fn;
};
const callHash=(name,...m)=>abytes(_hash(name)(concatBytes(...m)),64,'digest');
const callHashAsync=async(name,...m)=>abytes(await _hash(name)(concatBytes(...m)),64,'digest');
const hash=(msg)=>callHash('sha512',abytes(msg,undefined,'message'));
const apoint=(p)=>{
if(p instanceof Point)
return p;
throw new TypeError('Point expected');
};
const B256=2n**256n;
class Point{
static BASE;
static ZERO;
X;
Y;
Z;
T;
constructor(X,Y,Z,T){
const max=B256;
this.X=arange(X,0n,max);
this.Y=arange(Y,0n,max);
this.Z=arange(Z,1n,max);
this.T=arange(T,0n,max);
freeze(this);
}
static CURVE(){
return ed25519_CURVE;
}
static fromAffine(p){
return new Point(p.x,p.y,1n,modP(p.x*p.y));
}
static fromBytes(bytes,zip215=false){
const normed=snapshotBytes(bytes,'point',LEN);
const lastByte=normed[31];
normed[31]=lastByte&~0x80;
const y=bytesToNumberLE(normed);
if(!zip215)
arange(y,0n,P);
const y2=modP(y*y);
const u=mod(y2 - 1n);
const v=modP(_d*y2 + 1n);
let{isValid,value:x}=uvRatio(u,v);
if(!isValid)
throw new Error('bad point: y not sqrt');
const isLastByteOdd=!!(lastByte&0x80);
if(!zip215&&x===0n&&isLastByteOdd)
throw new Error('bad point: x==0, isLastByteOdd');
if(isLastByteOdd !==!!(x&1n))
x=mod(-x);
return new Point(x,y,1n,modP(x*y));
}
static fromHex(hex,zip215){
return Point.fromBytes(hexToBytes(hex),zip215);
}
get x(){
return this.toAffine().x;
}
get y(){
return this.toAffine().y;
}
assertValidity(){
const a=_a;
const d=_d;
const p=this;
if(p.is0())
throw new Error('bad point: ZERO');
const{X,Y,Z,T}=p;
const X2=modP(X*X);
const Y2=modP(Y*Y);
const Z2=modP(Z*Z);
const Z4=modP(Z2*Z2);
const aX2=modP(X2*a);
const left=modP(Z2*(aX2 + Y2));
const right=mod(Z4 + modP(d*modP(X2*Y2)));
if(left !==right)
throw new Error('bad point: equation left != right (1)');
const XY=modP(X*Y);
const ZT=modP(Z*T);
if(XY !==ZT)
throw new Error('bad point: equation left != right (2)');
return this;
}
equals(other){
const{X:X1,Y:Y1,Z:Z1}=this;
const{X:X2,Y:Y2,Z:Z2}=apoint(other);
return modP(X1*Z2)===modP(X2*Z1)&&modP(Y1*Z2)===modP(Y2*Z1);
}
is0(){
return this.equals(I);
}
negate(){
return new Point(mod(-this.X),this.Y,this.Z,mod(-this.T));
}
double(){
const{X:X1,Y:Y1,Z:Z1}=this;
const a=_a;
const A=modP(X1*X1);
const B=modP(Y1*Y1);
const C=modP(2n*Z1*Z1);
const D=modP(a*A);
const x1y1=mod(X1 + Y1);
const E=mod(modP(x1y1*x1y1)- A - B);
const G=mod(D + B);
const F=mod(G - C);
const H=mod(D - B);
const X3=modP(E*F);
const Y3=modP(G*H);
const T3=modP(E*H);
const Z3=modP(F*G);
return new Point(X3,Y3,Z3,T3);
}
add(other){
const{X:X1,Y:Y1,Z:Z1,T:T1}=this;
const{X:X2,Y:Y2,Z:Z2,T:T2}=apoint(other);
const a=_a;
const d=_d;
const A=modP(X1*X2);
const B=modP(Y1*Y2);
const C=modP(modP(T1*d)*T2);
const D=modP(Z1*Z2);
const E=mod(modP(mod(X1 + Y1)*mod(X2 + Y2))- A - B);
const F=mod(D - C);
const G=mod(D + C);
const H=mod(B - modP(a*A));
const X3=modP(E*F);
const Y3=modP(G*H);
const T3=modP(E*H);
const Z3=modP(F*G);
return new Point(X3,Y3,Z3,T3);
}
subtract(other){
return this.add(apoint(other).negate());
}
multiply(n,safe=true){
if(!safe&&n===0n)
return I;
arange(n,1n,N);
if(!safe&&this.is0())
return I;
if(n===1n)
return this;
if(this.equals(G))
return wNAF(n).p;
let p=I;
let f=G;
let d=this;
for(let i=0;safe?i<256:n>0n;i++){
if(n&1n)
p=p.add(d);
else if(safe)
f=f.add(d);
d=d.double();
n>>=1n;
}
return p;
}
multiplyUnsafe(scalar){
return this.multiply(scalar,false);
}
toAffine(){
const{X,Y,Z}=this;
if(this.equals(I))
return{x:0n,y:1n};
const iz=invert(Z,P);
if(modP(Z*iz)!==1n)
throw new Error('invalid inverse');
return{x:modP(X*iz),y:modP(Y*iz)};
}
toBytes(){
const{x,y}=this.toAffine();
const b=numTo32bLE(y);
b[31]|=x&1n?0x80:0;
return b;
}
toHex(){
return bytesToHex(this.toBytes());
}
clearCofactor(){
return this.multiply(8n,false);
}
isSmallOrder(){
return this.clearCofactor().is0();
}
isTorsionFree(){
return this.multiply(N / 2n,false)
.double()
.add(this)
.is0();
}
}
const G=new Point(Gx,Gy,1n,mod(Gx*Gy));
const I=new Point(0n,1n,1n,0n);
Point.BASE=G;
Point.ZERO=I;
const numTo32bLE=(num)=>hexToBytes(padh(arange(num,0n,B256),64)).reverse();
const bytesToNumberLE=(b)=>BigInt('0x' + bytesToHex(Uint8Array.from(abytes(b)).reverse()));
const pow2=(x,power)=>{
let r=x;
while(power-->0){
r=modP(r*r);
}
return r;
};
const pow_2_252_3=(x)=>{
const x2=modP(x*x);
const b2=modP(x2*x);
const b4=modP(pow2(b2,2)*b2);
const b5=modP(pow2(b4,1)*x);
const b10=modP(pow2(b5,5)*b5);
const b20=modP(pow2(b10,10)*b10);
const b40=modP(pow2(b20,20)*b20);
const b80=modP(pow2(b40,40)*b40);
const b160=modP(pow2(b80,80)*b80);
const b240=modP(pow2(b160,80)*b80);
const b250=modP(pow2(b240,10)*b10);
return modP(pow2(b250,2)*x);
};
const RM1=0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n;
const uvRatio=(u,v)=>{
const v3=modP(v*modP(v*v));
const v7=modP(modP(v3*v3)*v);
const pow=pow_2_252_3(modP(u*v7));
let x=modP(u*modP(v3*pow));
const vx2=modP(v*modP(x*x));
const root1=x;
const root2=modP(x*RM1);
const useRoot1=vx2===u;
const useRoot2=vx2===mod(-u);
const noRoot=vx2===mod(-u*RM1);
if(useRoot1)
x=root1;
if(useRoot2||noRoot)
x=root2;
if((mod(x)&1n)===1n)
x=mod(-x);
return{isValid:useRoot1||useRoot2,value:x};
};
const modL_LE=(hash)=>modN(bytesToNumberLE(hash));
const hashedToExtK=(hashed)=>{
const copy=snapshotBytes(hashed);
const head=copy.slice(0,32);
head[0]&=248;
head[31]&=127;
head[31]|=64;
const prefix=copy.slice(32);
const scalar=modL_LE(head);
const point=G.multiply(scalar);
const pointBytes=point.toBytes();
return{head,prefix,scalar,point,pointBytes};
};
const getExtendedPublicKeyAsync=(secretKey)=>callHashAsync('sha512Async',abytes(secretKey,LEN,'secretKey')).then(hashedToExtK);
const getExtendedPublicKey=(secretKey)=>hashedToExtK(callHash('sha512',abytes(secretKey,LEN,'secretKey')));
const getPublicKeyAsync=(secretKey)=>getExtendedPublicKeyAsync(secretKey).then((p)=>p.pointBytes);
const getPublicKey=(secretKey)=>getExtendedPublicKey(secretKey).pointBytes;
const hashFinishAsync=async(res)=>res[1](await callHashAsync('sha512Async',res[0]));
const hashFinishSync=(res)=>res[1](callHash('sha512',res[0]));
const _sign=(e,rBytes,msg)=>{
const{pointBytes:A,scalar:s}=e;
const r=modL_LE(rBytes);
const R=G.multiply(r).toBytes();
const hashable=concatBytes(R,A,msg);
const finish=(hashed)=>{
const S=modN(r + modL_LE(hashed)*s);
return abytes(concatBytes(R,numTo32bLE(S)),64);
};
return[hashable,finish];
};
const signAsync=async(message,secretKey)=>{
const m=snapshotBytes(message,'message');
const e=await getExtendedPublicKeyAsync(secretKey);
return hashFinishAsync(_sign(e,await callHashAsync('sha512Async',e.prefix,m),m));
};
const sign=(message,secretKey)=>{
const m=snapshotBytes(message,'message');
const e=getExtendedPublicKey(secretKey);
return hashFinishSync(_sign(e,callHash('sha512',e.prefix,m),m));
};
const getZip215=(options)=>{
if(options===null||typeof options !=='object')
throw new TypeError('expected valid options object');
return options.zip215??true;
};
const _verify=(sig,msg,publicKey,options)=>{
sig=abytes(sig,64,'signature');
msg=abytes(msg,undefined,'message');
publicKey=abytes(publicKey,LEN,'publicKey');
const zip215=getZip215(options);
const r=sig.subarray(0,LEN);
const s=bytesToNumberLE(sig.subarray(LEN,64));
let A,R,SB;
let hashable=Uint8Array.of();
let finished=false;
try{
A=Point.fromBytes(publicKey,zip215);
R=Point.fromBytes(r,zip215);
SB=G.multiply(s,false);
hashable=concatBytes(r,publicKey,msg);
finished=true;
}
catch(error){}
const finish=(hashed)=>{
if(!finished)
return false;
if(!zip215&&A.isSmallOrder())
return false;
const k=modL_LE(hashed);
const RkA=R.add(A.multiply(k,false));
return RkA.subtract(SB).clearCofactor().is0();
};
return[hashable,finish];
};
const verifyAsync=async(signature,message,publicKey,opts={})=>hashFinishAsync(_verify(signature,message,publicKey,opts));
const verify=(signature,message,publicKey,opts={})=>hashFinishSync(_verify(signature,message,publicKey,opts));
const etc=freeze({
bytesToHex,
hexToBytes,
concatBytes,
mod,
invert,
randomBytes,
});
const hashes={
sha512Async:async(message)=>{
const s=globalThis?.crypto?.subtle;
if(!s)
throw new Error('crypto.subtle must be defined, consider polyfill');
return new Uint8Array(await s.digest('SHA-512',concatBytes(message)));
},
sha512:undefined,
};
const randomSecretKey=(seed)=>{
return abytes(seed===undefined?randomBytes():seed,LEN,'seed');
};
const keygen=(seed)=>{
const secretKey=randomSecretKey(seed);
const publicKey=getPublicKey(secretKey);
return{secretKey,publicKey};
};
const keygenAsync=async(seed)=>{
const secretKey=randomSecretKey(seed);
const publicKey=await getPublicKeyAsync(secretKey);
return{secretKey,publicKey};
};
const utils=freeze({
getExtendedPublicKeyAsync,
getExtendedPublicKey,
randomSecretKey,
});
const precompute=()=>{
const points=[];
let p=G;
let b;
for(let w=0;w<33;w++){
b=p;
points.push(b);
for(let i=1;i<128;i++){
b=b.add(p);
points.push(b);
}
p=b.double();
}
return points;
};
let Gpows=undefined;
const ctneg=(cnd,p)=>{
const n=p.negate();
return cnd?n:p;
};
const wNAF=(n)=>{
const comp=Gpows||(Gpows=precompute());
let p=I;
let f=G;
for(let w=0;w<33;w++){
let wbits=Number(n&255n);
n>>=8n;
if(wbits>128){
wbits -=256;
n +=1n;
}
const off=w*128;
const offP=off + Math.abs(wbits)- 1;
const isOddW=w % 2 !==0;
const isNeg=wbits<0;
if(wbits===0){
f=f.add(ctneg(isOddW,comp[off]));
}
else{
p=p.add(ctneg(isNeg,comp[offP]));
}
}
if(n !==0n)
throw new Error('invalid wnaf');
return{p,f};
};
return{etc,getPublicKey,getPublicKeyAsync,hash,hashes,keygen,keygenAsync,Point,sign,signAsync,utils,verify,verifyAsync}
})();
const $refused=(()=>{
class Refused extends Error{
constructor(code){super(code);this.code=code;}
}
const refuse=(code)=>{throw new Refused(code);};
const need=(holds,code)=>{if(!holds)refuse(code);};
return{Refused,refuse,need}
})();
const $bytes=(()=>{
const{need}=$refused;
const utf8=(text)=>new TextEncoder().encode(text);
const ascii=(text)=>Uint8Array.from(text,(c)=>c.charCodeAt(0));
const hex=(bytes)=>Array.from(bytes,(b)=>b.toString(16).padStart(2,"0")).join("");
const unhex=(text)=>Uint8Array.from(text.match(/../g)??[],(two)=>parseInt(two,16));
const same=(a,b)=>a.length===b.length&&a.every((byte,i)=>byte===b[i]);
function concat(...parts){
const out=new Uint8Array(parts.reduce((n,p)=>n + p.length,0));
let at=0;
for(const part of parts){out.set(part,at);at +=part.length;}
return out;
}
const little=(bytes)=>BigInt("0x" + hex(Uint8Array.from(bytes).reverse()));
function base64(bytes){
let text="";
for(const b of bytes)text +=String.fromCharCode(b);
return btoa(text);
}
function unbase64(text){
if(text.length % 4||!/^[A-Za-z0-9+/]*={0,2}$/.test(text))return undefined;
const bytes=ascii(atob(text));
return base64(bytes)===text?bytes:undefined;
}
const b64=(bytes)=>base64(bytes).replace(/\+/g,"-").replace(/\//g,"_").replace(/=/g,"");
function unb64(text){
need(/^[A-Za-z0-9_-]*$/.test(text)&&text.length % 4 !==1,"base64-malformed");
const bytes=ascii(atob(text.replace(/-/g,"+").replace(/_/g,"/")));
need(b64(bytes)===text,"base64-not-canonical");
return bytes;
}
const B58="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
function b58(bytes){
let text="";
for(let n=BigInt("0x0" + hex(bytes));n>0n;n /=58n)text=B58[Number(n % 58n)]+ text;
return "1".repeat(bytes.findIndex((b)=>b))+ text;
}
function unb58(text){
need(text.length<=128&&/^[1-9A-HJ-NP-Za-km-z]*$/.test(text),"base58-malformed");
let n=0n;
for(const c of text)n=n*58n + BigInt(B58.indexOf(c));
const digits=n===0n?"":n.toString(16);
const zeros=/^1*/.exec(text)[0].length;
return unhex("00".repeat(zeros)+(digits.length % 2?"0":"")+ digits);
}
return{utf8,ascii,hex,unhex,same,concat,little,base64,unbase64,b64,unb64,b58,unb58}
})();
const $sha2=(()=>{
const{concat}=$bytes;
const FIRST=80;
const primes=[];
for(let n=2;primes.length<FIRST;n++)if(primes.every((p)=>n % p))primes.push(n);
const fraction=(p,k)=>{
const n=BigInt(p)<<(64n*k);
for(let x=1n<<80n;;){
const next=((k - 1n)*x + n / x**(k - 1n))/ k;
if(next>=x)return BigInt.asUintN(64,x);
x=next;
}
};
const halves=(words)=>Int32Array.from(words.flatMap((w)=>[Number(w>>32n),Number(w&0xffffffffn)]));
const K=halves(primes.map((p)=>fraction(p,3n)));
const START=halves(primes.slice(0,8).map((p)=>fraction(p,2n)));
const high=(pairs,count)=>Int32Array.from({length:count},(_,i)=>pairs[2*i]);
const K256=high(K,64);
const padded=(rest,bytes,block)=>{
const out=new Uint8Array(block*Math.ceil((rest.length + 1 + block / 8)/ block));
out.set(rest);
out[rest.length]=128;
const view=new DataView(out.buffer);
view.setUint32(out.length - 8,Math.floor(bytes / 2**29));
view.setUint32(out.length - 4,(bytes*8)>>>0);
return out;
};
const written=(words)=>{
const view=new DataView(new ArrayBuffer(4*words.length));
words.forEach((w,i)=>view.setInt32(4*i,w));
return new Uint8Array(view.buffer);
};
const viewOf=(data)=>new DataView(data.buffer,data.byteOffset,data.byteLength);
const W=new Int32Array(64);
function take256(state,data){
const view=viewOf(data);
for(let at=0;at<data.length;at +=64){
for(let i=0;i<16;i++)W[i]=view.getInt32(at + 4*i);
for(let i=16;i<64;i++){
const x=W[i - 15],y=W[i - 2];
const s0=((x>>>7)|(x<<25))^((x>>>18)|(x<<14))^(x>>>3);
const s1=((y>>>17)|(y<<15))^((y>>>19)|(y<<13))^(y>>>10);
W[i]=(W[i - 16]+ s0 + W[i - 7]+ s1)|0;
}
let a=state[0],b=state[1],c=state[2],d=state[3],e=state[4],f=state[5],g=state[6],h=state[7];
for(let i=0;i<64;i++){
const s1=((e>>>6)|(e<<26))^((e>>>11)|(e<<21))^((e>>>25)|(e<<7));
const t=(h + s1 +((e&f)^(~e&g))+ K256[i]+ W[i])|0;
const s0=((a>>>2)|(a<<30))^((a>>>13)|(a<<19))^((a>>>22)|(a<<10));
const u=(s0 +((a&b)^(a&c)^(b&c)))|0;
h=g;g=f;f=e;e=(d + t)|0;
d=c;c=b;b=a;a=(t + u)|0;
}
state[0]+=a;state[1]+=b;state[2]+=c;state[3]+=d;
state[4]+=e;state[5]+=f;state[6]+=g;state[7]+=h;
}
}
class Sha256{
constructor(){
this.state=high(START,8);
this.bytes=0;
this.rest=new Uint8Array(0);
}
update(data){
this.bytes +=data.length;
if(this.rest.length){
const need=64 - this.rest.length;
this.rest=concat(this.rest,data.subarray(0,need));
data=data.subarray(need);
if(this.rest.length<64)return this;
take256(this.state,this.rest);
}
const whole=data.length -(data.length % 64);
take256(this.state,data.subarray(0,whole));
this.rest=data.slice(whole);
return this;
}
digest(){
take256(this.state,padded(this.rest,this.bytes,64));
return written(this.state);
}
}
const sha256=(data)=>new Sha256().update(data).digest();
const X=new Int32Array(160);
function sha512(data){
const state=Int32Array.from(START);
const whole=data.length -(data.length % 128);
const end=padded(data.subarray(whole),data.length,128);
for(const part of[data.subarray(0,whole),end]){
const view=viewOf(part);
for(let at=0;at<part.length;at +=128){
for(let i=0;i<32;i++)X[i]=view.getInt32(at + 4*i);
for(let i=32;i<160;i +=2){
const h=X[i - 30],l=X[i - 29],H=X[i - 4],L=X[i - 3];
const s0h=((h>>>1)|(l<<31))^((h>>>8)|(l<<24))^(h>>>7);
const s0l=((l>>>1)|(h<<31))^((l>>>8)|(h<<24))^((l>>>7)|(h<<25));
const s1h=((H>>>19)|(L<<13))^((L>>>29)|(H<<3))^(H>>>6);
const s1l=((L>>>19)|(H<<13))^((H>>>29)|(L<<3))^((L>>>6)|(H<<26));
const low=(X[i - 31]>>>0)+(s0l>>>0)+(X[i - 13]>>>0)+(s1l>>>0);
X[i]=X[i - 32]+ s0h + X[i - 14]+ s1h + Math.floor(low / 2**32);
X[i + 1]=low;
}
const v=Int32Array.from(state);
for(let i=0;i<160;i +=2){
const ah=v[0],al=v[1],bh=v[2],bl=v[3],ch=v[4],cl=v[5];
const eh=v[8],el=v[9],fh=v[10],fl=v[11],gh=v[12],gl=v[13],hh=v[14],hl=v[15];
const s1h=((eh>>>14)|(el<<18))^((eh>>>18)|(el<<14))^((el>>>9)|(eh<<23));
const s1l=((el>>>14)|(eh<<18))^((el>>>18)|(eh<<14))^((eh>>>9)|(el<<23));
const s0h=((ah>>>28)|(al<<4))^((al>>>2)|(ah<<30))^((al>>>7)|(ah<<25));
const s0l=((al>>>28)|(ah<<4))^((ah>>>2)|(al<<30))^((ah>>>7)|(al<<25));
const tl=(hl>>>0)+(s1l>>>0)+(((el&fl)^(~el&gl))>>>0)+(K[i + 1]>>>0)+(X[i + 1]>>>0);
const th=hh + s1h +((eh&fh)^(~eh&gh))+ K[i]+ X[i]+ Math.floor(tl / 2**32);
const ul=(tl>>>0)+(s0l>>>0)+(((al&bl)^(al&cl)^(bl&cl))>>>0);
const uh=th + s0h +((ah&bh)^(ah&ch)^(bh&ch))+ Math.floor(ul / 2**32);
const nl=(v[7]>>>0)+(tl>>>0),nh=v[6]+ th + Math.floor(nl / 2**32);
v[14]=gh;v[15]=gl;v[12]=fh;v[13]=fl;v[10]=eh;v[11]=el;v[8]=nh;v[9]=nl;
v[6]=ch;v[7]=cl;v[4]=bh;v[5]=bl;v[2]=ah;v[3]=al;v[0]=uh;v[1]=ul;
}
for(let i=0;i<16;i +=2){
const low=(state[i + 1]>>>0)+(v[i + 1]>>>0);
state[i]=state[i]+ v[i]+ Math.floor(low / 2**32);
state[i + 1]=low;
}
}
}
return written(state);
}
function hmac(key,data){
const pad=(byte)=>Uint8Array.from({length:64},(_,i)=>key[i]^ byte);
return sha256(concat(pad(0x5c),sha256(concat(pad(0x36),data))));
}
const hkdf=(secret,info)=>hmac(hmac(new Uint8Array(32),secret),concat(info,Uint8Array.of(1)));
return{Sha256,sha256,sha512,hmac,hkdf}
})();
const $keys=(()=>{
const{Point,getPublicKey,hashes,sign:signed}=$noble;
const{ascii,b58,b64,concat,hex,little,same,unb58}=$bytes;
const{need,refuse}=$refused;
const{sha256,sha512}=$sha2;
hashes.sha512=sha512;
const{p:P,n:ORDER}=Point.CURVE();
const E8=0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const LOW=[0n,1n,P - 1n,E8,P - E8];
const fit=new Map();
function pointOf(key){
const name=hex(key);
if(fit.has(name))return fit.get(name);
need(key.length===32,"key-size");
const y=BigInt.asUintN(255,little(key));
need(y<P,"key-not-canonical");
need(!LOW.includes(y),"key-low-order");
let point;
try{point=Point.fromBytes(key);}catch{refuse("key-not-a-point");}
fit.set(name,point);
return point;
}
function fitKey(key){
pointOf(key);
return key;
}
function verify(key,message,signature){
if(signature.length !==64)return false;
const R=signature.subarray(0,32),S=little(signature.subarray(32));
if(S>=ORDER)return false;
const A=pointOf(key),k=little(sha512(concat(R,key,message)))% ORDER;
return same(Point.BASE.multiply(S,false).add(A.negate().multiply(k,false)).toBytes(),R);
}
const thumbprint=(key)=>b64(sha256(ascii(`{"crv":"Ed25519","kty":"OKP","x":"${b64(key)}"}`)));
const didOf=(key)=>"did:key:z" + b58(concat(Uint8Array.of(0xed,1),key));
function readDid(did){
need(did.startsWith("did:key:z"),"did-malformed");
const bytes=unb58(did.slice(9));
need(bytes.length===34&&bytes[0]===0xed&&bytes[1]===1,"did-not-ed25519");
return fitKey(bytes.subarray(2));
}
const kidOf=(did)=>thumbprint(readDid(did));
const trusting=(...keys)=>new Map(keys.map((key)=>[thumbprint(key),key]));
const publicOf=(seed)=>getPublicKey(seed);
const sign=(seed,message)=>signed(message,seed);
const nameOf=(token)=>b64(sha256(ascii(token)));
return{fitKey,verify,thumbprint,didOf,readDid,kidOf,trusting,publicOf,sign,nameOf}
})();
const $crockford=(()=>{
const SIGNS="0123456789ABCDEFGHJKMNPQRSTVWXYZ";
function values(text){
const typed=text.replace(/[\s\-\u2010-\u2015]+/g,"");
if(!/^[0-9A-Za-z]*$/.test(typed))return undefined;
const found=Array.from(typed.toUpperCase().replace(/O/g,"0").replace(/[IL]/g,"1"),(c)=>SIGNS.indexOf(c));
return found.includes(-1)?undefined:found;
}
const spell=(found)=>found.map((value)=>SIGNS[value]).join("");
function valuesOf(bytes){
let n=bytes.reduce((sum,byte)=>(sum<<8n)|BigInt(byte),0n);
return Array.from({length:26},()=>{const value=Number(n&31n);n>>=5n;return value;}).reverse();
}
function bytesOf(found){
if(found[0]>7)return undefined;
let n=found.reduce((sum,value)=>(sum<<5n)|BigInt(value),0n);
return Uint8Array.from({length:16},()=>{const byte=Number(n&255n);n>>=8n;return byte;}).reverse();
}
return{values,spell,valuesOf,bytesOf}
})();
const $ownercode=(()=>{
const{ascii}=$bytes;
const{bytesOf,spell,values,valuesOf}=$crockford;
const{need}=$refused;
const{hkdf}=$sha2;
const twice=(v)=>(v&16?(v<<1)^ 37:v<<1);
const at2=(signs)=>signs.reduce((sum,sign)=>twice(sum)^ sign,0);
const at4=(signs)=>signs.reduce((sum,sign)=>twice(twice(sum))^ sign,0);
function readOwnerCode(text){
const signs=text.length<=200?values(text):undefined;
need(signs?.length===28&&at2(signs)===0&&at4(signs)===0,"owner-code-malformed");
const code=bytesOf(signs.slice(0,26));
need(code,"owner-code-malformed");
return code;
}
function writeOwnerCode(code){
const signs=valuesOf(code);
for(let pair=0;pair<1024;pair++){
const all=[...signs,pair>>5,pair&31];
if(at2(all)===0&&at4(all)===0)return spell(all);
}
}
const seedOf=(code)=>hkdf(code,ascii("stall-owner-v1"));
return{readOwnerCode,writeOwnerCode,seedOf}
})();
const $ownerkey=(()=>{
const{didOf,publicOf}=$keys;
const{readOwnerCode,seedOf,writeOwnerCode}=$ownercode;
const did=(code)=>didOf(publicOf(seedOf(code)));
const ownerOf=(code)=>({text:writeOwnerCode(code),did:did(code)});
const didOfTyped=(text)=>did(readOwnerCode(text));
return{ownerOf,didOfTyped}
})();
export const{ownerOf,didOfTyped}=$ownerkey;
