// Made by verify/build.py from verify/ownerkey.mjs and what it needs.
/*! noble-ed25519 - MIT License (c) 2019 Paul Miller (paulmillr.com) */
const O=Object.freeze,I=0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffedn,V=0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3edn,X=0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n,L=0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an,M=0x6666666666666666666666666666666666666666666666666666666666666658n,N=I-1n,Ta=O({p:I,n:V,h:8n,a:N,d:X,Gx:L,Gy:M}),Xb=32,Aa=a=>{return(a instanceof Uint8Array||(ArrayBuffer.isView(a)&&a.constructor.name==='Uint8Array'&&a.BYTES_PER_ELEMENT===1))};const Ra=(a,b,c='')=>{if(Aa(a)&&(b===undefined||a.length===b))
return a;const d=Aa(a),e=b!==undefined?` of length ${b}`:'',f=d?`length=${a.length}`:`type=${typeof a}`,g=(c?`"${c}" `:'')+'expected Uint8Array'+e+', got '+f;if(!d)
throw new TypeError(g);throw new RangeError(g)};const Xa=(a,b)=>a.toString(16).padStart(b,'0'),Ua=a=>{const b='hex invalid';if(typeof a!=='string')
throw new TypeError(b);if(a.length%2||!/^[\da-f]*$/i.test(a))
throw new RangeError(b);const c=new Uint8Array(a.length/2);for(let d=0,e=0;d<c.length;d++,e+=2){const f=a.charCodeAt(e),g=a.charCodeAt(e+1);c[d]=((f&15)+(f>>6)*9)*16+(g&15)+(g>>6)*9}
return c};const Sa=(...a)=>{let b=0;for(const c of a)
b+=Ra(c).length;const d=new Uint8Array(b);let e=0;for(const c of a){d.set(c,e);e+=c.length}
return d};const H=(a,b,c,d='bad number: out of range')=>{if(typeof a!=='bigint')
throw new TypeError(d);if(b<=a&&a<c)
return a;throw new RangeError(d)};const B=(a,b=I)=>((a%=b)>=0n?a:b+a),W=(1n<<255n)-1n,A=a=>{if(a<0n)
throw new RangeError('negative coordinate');let b=(a>>255n)*19n+(a&W);b=(b>>255n)*19n+(b&W);return b%I};const Va=(a,b)=>{if(a===0n)
throw new Error('invert: expected non-zero number');if(b<=1n)
throw new Error('invert: expected modulus > 1, got '+b);let c=B(a,b);let d=b;let e=0n,f=1n;while(c!==0n){const g=d/c,h=d-c*g,i=e-f*g;d=c,c=h,e=f,f=i}
const j=d;if(j!==1n)
throw new Error('invert: does not exist');return B(e,b)};const Y=a=>{if(a instanceof E)
return a;throw new TypeError('Point expected')};const T=2n**256n;class E{static BASE;static ZERO;X;Y;Z;T;constructor(a,b,c,d){const e=T;this.X=H(a,0n,e);this.Y=H(b,0n,e);this.Z=H(c,1n,e);this.T=H(d,0n,e);O(this)}
static CURVE(){return Ta}
get x(){return this.toAffine().x}
get y(){return this.toAffine().y}
equals(a){const{X:b,Y:c,Z:d}=this,{X:e,Y:f,Z:g}=Y(a);return A(b*g)===A(e*d)&&A(c*g)===A(f*d)}
is0(){return this.equals(F)}
negate(){return new E(B(-this.X),this.Y,this.Z,B(-this.T))}
double(){const{X:a,Y:b,Z:c}=this,d=N,e=A(a*a),f=A(b*b),g=A(2n*c*c),h=A(d*e),i=B(a+b),j=B(A(i*i)-e-f),D=B(h+f),k=B(D-g),l=B(h-f),m=A(j*k),n=A(D*l),o=A(j*l),p=A(k*D);return new E(m,n,p,o)}
add(a){const{X:b,Y:c,Z:d,T:e}=this,{X:f,Y:g,Z:h,T:i}=Y(a),j=N,k=X,l=A(b*f),m=A(c*g),n=A(A(e*k)*i),o=A(d*h),p=B(A(B(b+c)*B(f+g))-l-m),q=B(o-n),D=B(o+n),r=B(m-A(j*l)),s=A(p*q),t=A(D*r),u=A(p*r),v=A(q*D);return new E(s,t,v,u)}
multiply(a,b=true){if(!b&&a===0n)
return F;H(a,1n,V);if(!b&&this.is0())
return F;if(a===1n)
return this;if(this.equals(D))
return Za(a).p;let c=F;let d=D;let e=this;for(let f=0;b?f<256:a>0n;f++){if(a&1n)
c=c.add(e);else if(b)
d=d.add(e);e=e.double();a>>=1n}
return c}
toAffine(){const{X:a,Y:b,Z:c}=this;if(this.equals(F))
return{x:0n,y:1n};const d=Va(c,I);if(A(c*d)!==1n)
throw new Error('invalid inverse');return{x:A(a*d),y:A(b*d)}}
toBytes(){const{x:a,y:b}=this.toAffine(),c=Wa(b);c[31]|=a&1n?0x80:0;return c}}
const D=new E(L,M,1n,B(L*M)),F=new E(0n,1n,1n,0n);E.BASE=D;E.ZERO=F;const Wa=a=>Ua(Xa(H(a,0n,T),64)).reverse(),Yb=0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n,Zb={sha512Async:async(a)=>{const b=globalThis?.crypto?.subtle;if(!b)
throw new Error('crypto.subtle must be defined, consider polyfill');return new Uint8Array(await b.digest('SHA-512',Sa(a)))},sha512:undefined},Ya=()=>{const a=[];let b=D;let c;for(let d=0;d<33;d++){c=b;a.push(c);for(let e=1;e<128;e++){c=c.add(b);a.push(c)}
b=c.double()}
return a};let U=undefined;const Z=(a,b)=>{const c=b.negate();return a?c:b};const Za=a=>{const b=U||(U=Ya());let c=F;let d=D;for(let e=0;e<33;e++){let f=Number(a&255n);a>>=8n;if(f>128){f-=256;a+=1n}
const g=e*128,h=g+Math.abs(f)-1,i=e%2!==0,j=f<0;if(f===0){d=d.add(Z(i,b[g]))}
else{c=c.add(Z(j,b[h]))}}
if(a!==0n)
throw new Error('invalid wnaf');return{p:c,f:d}};
class Qb extends Error{constructor(a){super(a);this.code=a}}
const Rb=a=>{throw new Qb(a)};const Ha=(a,b)=>{if(!a)Rb(b)};
const Bb=a=>Uint8Array.from(a,b=>b.charCodeAt(0)),Ba=a=>Array.from(a,b=>b.toString(16).padStart(2,"0")).join("");function J(...a){const b=new Uint8Array(a.reduce((c,d)=>c+d.length,0));let e=0;for(const f of a){b.set(f,e);e+=f.length}
return b}
const Db=a=>BigInt("0x"+Ba(Uint8Array.from(a).reverse())),Ab="123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";function Cb(a){let b="";for(let c=BigInt("0x0"+Ba(a));c>0n;c/=58n)b=Ab[Number(c%58n)]+b;return"1".repeat(a.findIndex(d=>d))+b}
const Sb=80,K=[];for(let a=2;K.length<Sb;a++)if(K.every(b=>a%b))K.push(a);const Ja=(a,b)=>{const c=BigInt(a)<<(64n*b);for(let d=1n<<80n;;){const e=((b-1n)*d+c/d**(b-1n))/b;if(e>=d)return BigInt.asUintN(64,d);d=e}};const Ka=a=>Int32Array.from(a.flatMap(b=>[Number(b>>32n),Number(b&0xffffffffn)])),R=Ka(K.map(a=>Ja(a,3n))),Ia=Ka(K.slice(0,8).map(a=>Ja(a,2n))),La=(a,b)=>Int32Array.from({length:b},(c,d)=>a[2*d]),Tb=La(R,64),Na=(a,b,c)=>{const d=new Uint8Array(c*Math.ceil((a.length+1+c/8)/c));d.set(a);d[a.length]=128;const e=new DataView(d.buffer);e.setUint32(d.length-8,Math.floor(b/2**29));e.setUint32(d.length-4,(b*8)>>>0);return d};const Qa=a=>{const b=new DataView(new ArrayBuffer(4*a.length));a.forEach((c,d)=>b.setInt32(4*d,c));return new Uint8Array(b.buffer)};const Pa=a=>new DataView(a.buffer,a.byteOffset,a.byteLength),G=new Int32Array(64);function S(a,b){const c=Pa(b);for(let d=0;d<b.length;d+=64){for(let e=0;e<16;e++)G[e]=c.getInt32(d+4*e);for(let e=16;e<64;e++){const f=G[e-15],g=G[e-2],h=((f>>>7)|(f<<25))^((f>>>18)|(f<<14))^(f>>>3),i=((g>>>17)|(g<<15))^((g>>>19)|(g<<13))^(g>>>10);G[e]=(G[e-16]+h+G[e-7]+i)|0}
let j=a[0],k=a[1],l=a[2],m=a[3],n=a[4],o=a[5],p=a[6],q=a[7];for(let e=0;e<64;e++){const i=((n>>>6)|(n<<26))^((n>>>11)|(n<<21))^((n>>>25)|(n<<7)),r=(q+i+((n&o)^(~n&p))+Tb[e]+G[e])|0,h=((j>>>2)|(j<<30))^((j>>>13)|(j<<19))^((j>>>22)|(j<<10)),s=(h+((j&k)^(j&l)^(k&l)))|0;q=p;p=o;o=n;n=(m+r)|0;m=l;l=k;k=j;j=(r+s)|0}
a[0]+=j;a[1]+=k;a[2]+=l;a[3]+=m;a[4]+=n;a[5]+=o;a[6]+=p;a[7]+=q}}
class Ub{constructor(){this.state=La(Ia,8);this.bytes=0;this.rest=new Uint8Array(0)}
update(a){this.bytes+=a.length;if(this.rest.length){const b=64-this.rest.length;this.rest=J(this.rest,a.subarray(0,b));a=a.subarray(b);if(this.rest.length<64)return this;S(this.state,this.rest)}
const c=a.length-(a.length%64);S(this.state,a.subarray(0,c));this.rest=a.slice(c);return this}
digest(){S(this.state,Na(this.rest,this.bytes,64));return Qa(this.state)}}
const Oa=a=>new Ub().update(a).digest(),C=new Int32Array(160);function Wb(a){const b=Int32Array.from(Ia),c=a.length-(a.length%128),d=Na(a.subarray(c),a.length,128);for(const e of[a.subarray(0,c),d]){const f=Pa(e);for(let g=0;g<e.length;g+=128){for(let h=0;h<32;h++)C[h]=f.getInt32(g+4*h);for(let h=32;h<160;h+=2){const i=C[h-30],j=C[h-29],k=C[h-4],l=C[h-3],m=((i>>>1)|(j<<31))^((i>>>8)|(j<<24))^(i>>>7),n=((j>>>1)|(i<<31))^((j>>>8)|(i<<24))^((j>>>7)|(i<<25)),o=((k>>>19)|(l<<13))^((l>>>29)|(k<<3))^(k>>>6),p=((l>>>19)|(k<<13))^((k>>>29)|(l<<3))^((l>>>6)|(k<<26)),q=(C[h-31]>>>0)+(n>>>0)+(C[h-13]>>>0)+(p>>>0);C[h]=C[h-32]+m+C[h-14]+o+Math.floor(q/2**32);C[h+1]=q}
const r=Int32Array.from(b);for(let h=0;h<160;h+=2){const s=r[0],t=r[1],u=r[2],v=r[3],w=r[4],x=r[5],y=r[8],z=r[9],a0=r[10],b0=r[11],c0=r[12],d0=r[13],e0=r[14],f0=r[15],o=((y>>>14)|(z<<18))^((y>>>18)|(z<<14))^((z>>>9)|(y<<23)),p=((z>>>14)|(y<<18))^((z>>>18)|(y<<14))^((y>>>9)|(z<<23)),m=((s>>>28)|(t<<4))^((t>>>2)|(s<<30))^((t>>>7)|(s<<25)),n=((t>>>28)|(s<<4))^((s>>>2)|(t<<30))^((s>>>7)|(t<<25)),g0=(f0>>>0)+(p>>>0)+(((z&b0)^(~z&d0))>>>0)+(R[h+1]>>>0)+(C[h+1]>>>0),h0=e0+o+((y&a0)^(~y&c0))+R[h]+C[h]+Math.floor(g0/2**32),i0=(g0>>>0)+(n>>>0)+(((t&v)^(t&x)^(v&x))>>>0),j0=h0+m+((s&u)^(s&w)^(u&w))+Math.floor(i0/2**32),k0=(r[7]>>>0)+(g0>>>0),l0=r[6]+h0+Math.floor(k0/2**32);r[14]=c0;r[15]=d0;r[12]=a0;r[13]=b0;r[10]=y;r[11]=z;r[8]=l0;r[9]=k0;r[6]=w;r[7]=x;r[4]=u;r[5]=v;r[2]=s;r[3]=t;r[0]=j0;r[1]=i0}
for(let h=0;h<16;h+=2){const q=(b[h+1]>>>0)+(r[h+1]>>>0);b[h]=b[h]+r[h]+Math.floor(q/2**32);b[h+1]=q}}}
return Qa(b)}
function Ma(a,b){const c=d=>Uint8Array.from({length:64},(e,f)=>a[f]^d);return Oa(J(c(0x5c),Oa(J(c(0x36),b))))}
const Vb=(a,b)=>Ma(Ma(new Uint8Array(32),a),J(b,Uint8Array.of(1)));
const{p:Ea,n:Ib}=E.CURVE(),Da=0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,Ac=[0n,1n,Ea-1n,Da,Ea-Da],Bc=new Map(),Jb=a=>"did:key:z"+Cb(J(Uint8Array.of(0xed,1),a));function Lb(a){const b=Wb(a);b[0]&=248;b[31]=(b[31]&127)|64;return[Db(b.subarray(0,32))%Ib,b.subarray(32)]}
const Mb=a=>E.BASE.multiply(a).toBytes(),Kb=a=>Mb(Lb(a)[0]);
const Ca="0123456789ABCDEFGHJKMNPQRSTVWXYZ";function Gb(a){const b=a.replace(/[\s\-\u2010-\u2015]+/g,"");if(!/^[0-9A-Za-z]*$/.test(b))return undefined;const c=Array.from(b.toUpperCase().replace(/O/g,"0").replace(/[IL]/g,"1"),d=>Ca.indexOf(d));return c.includes(-1)?undefined:c}
const Fb=a=>a.map(b=>Ca[b]).join("");function Hb(a){let b=a.reduce((c,d)=>(c<<8n)|BigInt(d),0n);return Array.from({length:26},()=>{const e=Number(b&31n);b>>=5n;return e}).reverse()}
function Eb(a){if(a[0]>7)return undefined;let b=a.reduce((c,d)=>(c<<5n)|BigInt(d),0n);return Uint8Array.from({length:16},()=>{const e=Number(b&255n);b>>=8n;return e}).reverse()}
const P=a=>(a&16?(a<<1)^37:a<<1),Fa=a=>a.reduce((b,c)=>P(b)^c,0),Ga=a=>a.reduce((b,c)=>P(P(b))^c,0);function Nb(a){const b=a.length<=200?Gb(a):undefined;Ha(b?.length===28&&Fa(b)===0&&Ga(b)===0,"owner-code-malformed");const c=Eb(b.slice(0,26));Ha(c,"owner-code-malformed");return c}
function Pb(a){const b=Hb(a);for(let c=0;c<1024;c++){const d=[...b,c>>5,c&31];if(Fa(d)===0&&Ga(d)===0)return Fb(d)}}
const Ob=a=>Vb(a,Bb("stall-owner-v1"));
const Q=a=>Jb(Kb(Ob(a))),Dc=a=>({text:Pb(a),did:Q(a)}),Cc=a=>Q(Nb(a));
export{Dc as ownerOf,Cc as didOfTyped};
